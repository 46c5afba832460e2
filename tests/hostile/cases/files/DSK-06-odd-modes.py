# id: DSK-06
# about: leaves directories that nobody may enter, attributes, links in circles
# expect: AC
import os
for index in range(50):
    os.makedirs(f"/tmp/{index}/inner", exist_ok=True)
    try:
        os.setxattr(f"/tmp/{index}", "user.x", b"y" * 1000)
    except OSError:
        pass
    os.symlink(f"/tmp/{index}", f"/tmp/{index}/circle")
    os.chmod(f"/tmp/{index}/inner", 0)
    os.chmod(f"/tmp/{index}", 0o1000)
os.chmod("/box", 0) if os.access("/box", os.W_OK) else None
print("ok")
