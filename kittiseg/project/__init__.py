"""PROJECT: the values that every stage passes on (pictures, figures, classes), and the store that keeps them."""
