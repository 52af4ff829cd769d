// SPDX-License-Identifier: Apache-2.0
#include "micro/gbench.h"

#include <benchmark/benchmark.h>

#include <sstream>
#include <string>

extern "C" const char *vg_gbench_version(void)
{
    return VG_GBENCH_VERSION;
}

// The library says so only in the context it writes.
extern "C" const char *vg_gbench_build_type(void)
{
    static const std::string type = [] {
        std::ostringstream out;
        benchmark::JSONReporter reporter;
        reporter.SetOutputStream(&out);
        reporter.SetErrorStream(&out);
        benchmark::BenchmarkReporter::Context context;
        reporter.ReportContext(context);
        return out.str().find("\"library_build_type\": \"debug\"") != std::string::npos ? "debug"
                                                                                       : "release";
    }();
    return type.c_str();
}
