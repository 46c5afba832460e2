# A module of the contestant's that has the name of one of Python's.
mine = True
