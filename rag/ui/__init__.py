"""The chat page, one pair of files for each area: widgets and events (Gradio inside functions), and pure HTML.

frame                     name, language switch, new conversation
chat, conversation        widgets of the conversation; how one answer grows
transcript, sources       HTML of the conversation and of the source panel
library, uploads, shelf   widgets of the documents; files taken in; HTML of the list
page, look, serving       what the areas share; styles and scripts; headers and port
labels, words/, static/   every word in both languages; style sheets and scripts, one for each area
"""
