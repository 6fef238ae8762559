"""What every part of Recurra shares: the tree of errors and the checks of arguments."""
