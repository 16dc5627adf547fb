"""Makes the embedded embedding model: `python -m vectorstore.train DATA_FOLDER`.

Needs torch; nothing here is imported when wenju runs.
"""
