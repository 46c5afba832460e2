# Python executes a module of this name at its start, wherever it finds one.
raise SystemExit("executed at the start")
