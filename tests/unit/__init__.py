"""The parts, each by itself: no base is needed. The folders are those of the parts."""
