"""The chat page, one pair of files for each area: widgets and events (Gradio inside functions), and pure HTML.

frame                     name, language switch, new conversation
chat, conversation        widgets of the conversation; how one answer grows
transcript, sources       HTML of the conversation and of the source panel
keep, record, diary       kept conversations: drawer; JSON, checked when it comes back; files on disk
export, feedback          Markdown with footnotes; a thumbs-down made an eval case
models, choice            widgets of the models; whose model, address and key a visit uses
reader, reading           a whole document at its quote: what the panel fetches; windows of text and finding in them
library, shelf            widgets of the documents and collections; HTML of the list
intake, uploads, jobs     files taken in, checked and kept, indexed in the background
desk, routes              the open collections; the private addresses that the scripts fetch from
page, look, serving       what the areas share; styles and scripts; headers and port
labels, words/, static/   every word in both languages; style sheets and scripts, one for each area
"""
