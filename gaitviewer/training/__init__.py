"""Data, training and honest evaluation of the learned systems; the window never imports this."""
