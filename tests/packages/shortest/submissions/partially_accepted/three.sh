echo abc
