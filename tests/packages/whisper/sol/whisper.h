#include <string>

std::string speak(int number);
int hear(std::string word);
