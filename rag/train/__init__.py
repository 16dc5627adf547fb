"""Make the data files the embedded answerer ships with; run as `python -m rag.train STEP DATA_FOLDER`."""
