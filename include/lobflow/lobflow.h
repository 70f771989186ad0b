/**
 * @file
 * All of lobflow, in the order of the line.
 */
#ifndef LOBFLOW_LOBFLOW_H
#define LOBFLOW_LOBFLOW_H

/* clang-format off: in line order. */
#include <lobflow/base.h>
#include <lobflow/frame.h>
#include <lobflow/stats.h>

#include <lobflow/book.h>
#include <lobflow/execution.h>
#include <lobflow/feature.h>
#include <lobflow/feed.h>
#include <lobflow/l3.h>
#include <lobflow/model.h>
#include <lobflow/pipeline.h>
#include <lobflow/signal.h>

#include <lobflow/backtest.h>
#include <lobflow/calibrate.h>
#include <lobflow/label.h>
#include <lobflow/report.h>
#include <lobflow/run.h>
#include <lobflow/study.h>
#include <lobflow/synth.h>
#include <lobflow/train.h>
/* clang-format on */

#endif
