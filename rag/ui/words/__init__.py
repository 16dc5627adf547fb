"""The words of the interface, one file for each area of the page, each word in both languages."""
