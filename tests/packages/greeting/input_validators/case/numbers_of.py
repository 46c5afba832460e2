def is_number(text):
    return text.strip().isdigit()
