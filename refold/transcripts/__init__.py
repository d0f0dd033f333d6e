"""
Transcripts: runs that other tools recorded, read as episodes of the family ``answered``.

``formats`` finds out which tool wrote a file, one module for each format reads its trials, and
``importing`` stores them. Nothing here opens an environment or runs what a file names, and no file
may make an import fail without a message in words.
"""
