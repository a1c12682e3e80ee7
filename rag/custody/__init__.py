"""What is owed to the people whose documents these are: forgetting, moving, and proof."""
