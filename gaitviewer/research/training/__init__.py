"""Training and judging the learned systems; the window never imports this."""
