/* score_html: the score as one page for sharing. */
#include "cli/score_out.h"
#include "cli/webopt.h"
#include "file/write.h"
#include "web/scoreview.h"

#include <fcntl.h>
#include <unistd.h>

bool score_html(struct cli *cli, const struct result *r, const char *path)
{
	str page = scoreview_file(cli->arena, r, webopt_language());
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write_all(fd, page);

	if (fd >= 0 && close(fd) < 0)
		ok = false;
	if (ok)
		return true;
	(void)err_sys(&cli->err, _("cannot write %s"), path);
	cli->err.code = ERR_CREATE;
	return false;
}
