# id: CMP-10c
# about: submits an archive with a program in it, which Python would execute
# generates: py
# expect: CE
import io, sys, zipfile
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w") as file:
    file.writestr("__main__.py", "print('ok')")
sys.stdout.buffer.write(archive.getvalue())
