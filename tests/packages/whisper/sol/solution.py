def speak(number):
    # What a submission prints is not what it says.
    print("speaking")
    return hex(number)


def hear(word):
    return int(word, 16)
