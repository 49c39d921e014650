"""Who walks where: passes, left and right, strides, the offset between the views."""
