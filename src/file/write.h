/* write: octets to a file descriptor, to the last one. */
#ifndef FILE_WRITE_H
#define FILE_WRITE_H

#include "base/str.h"

/* Goes on after a signal and after a part.  False: errno says why. */
bool write_all(int fd, str bytes);

#endif
