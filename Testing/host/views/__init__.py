"""Views that draw off screen through Slicer's own displayable managers, and the layouts they stand in."""
