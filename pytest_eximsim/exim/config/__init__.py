"""Reading an Exim configuration: from the file's bytes to one `Configuration`.

source.py (lines, macros, includes) → parser.py (sections) → model.py (the result); names.py and options.py hold what is known.
"""
