"""Training of the small reader: question and passage to an answer span and its answerability.

Nothing at question time imports this folder. Data sets are read from a folder given on the
command line and are not part of the project; `python -m rag.models.train --help` lists the steps.
"""
