/* SPDX-License-Identifier: Apache-2.0 */
/* The victim outlives the signals that an attack sends it. */
#ifndef CT_SURVIVE_H
#define CT_SURVIVE_H

void survive_signals(void);

#endif
