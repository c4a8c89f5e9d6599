"""What both halves of pypkg stand on: errors, atomic files, the image format and the executable formats."""
