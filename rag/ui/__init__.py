"""The parts of the chat page that need no Gradio: words, HTML, styles, uploads and response headers."""
