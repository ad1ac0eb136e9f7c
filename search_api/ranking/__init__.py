"""The four signals, one file each, and the exact method that orders by their sum."""
