/* tr: as base/tr.h has it. */
#ifndef CLI_TR_H
#define CLI_TR_H

#include "base/tr.h"

#endif
