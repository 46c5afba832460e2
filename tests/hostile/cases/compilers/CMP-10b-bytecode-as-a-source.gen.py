# id: CMP-10b
# about: submits bytecode of Python as a source
# generates: py
# expect: CE
# api: yes
import importlib.util, marshal, sys
code = compile("print('ok')", "x", "exec")
sys.stdout.buffer.write(importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code))
