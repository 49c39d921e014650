"""What the window knows, without a widget: the open document, moves in time, hand tools."""
