#include "file/write.h"

#include <errno.h>
#include <unistd.h>

bool write_all(int fd, str bytes)
{
	while (bytes.n) {
		ssize_t done = write(fd, bytes.p, bytes.n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes = str_skip(bytes, (size_t)done);
	}
	return true;
}
