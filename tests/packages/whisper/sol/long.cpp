// As many letters as the number says: a half of the second subtask.
#include "whisper.h"

std::string speak(int number) { return std::string(number, 'a'); }

int hear(std::string word) { return word.size(); }
