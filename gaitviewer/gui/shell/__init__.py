"""The window itself: main window, desk, actions, and the notes around them."""
