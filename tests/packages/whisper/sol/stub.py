import sys

import whisper

with open(sys.argv[2], "w") as out, open(sys.argv[1]) as source:
    if sys.argv[3] == "0":
        print(whisper.speak(int(source.readline())), file=out)
    else:
        print(whisper.hear(source.readline().strip()), file=out)
