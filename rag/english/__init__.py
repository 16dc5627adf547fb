"""English questions about English passages: their words, what they ask for, and the sentence that answers."""
