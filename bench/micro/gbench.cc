// SPDX-License-Identifier: Apache-2.0
#include "micro/gbench.h"

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "results/save.h"

// CSVReporter is marked deprecated and stays supported: --benchmark_format=csv must go on working.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace
{

using Reporter = benchmark::BenchmarkReporter;
using Run = Reporter::Run;

// 1.8.0 renamed error_occurred to skipped.
template <class T>
auto has_error(const T &run, int) -> decltype(static_cast<bool>(run.error_occurred))
{
    return run.error_occurred;
}
template <class T> auto has_error(const T &run, long) -> decltype(static_cast<bool>(run.skipped))
{
    return static_cast<bool>(run.skipped);
}

struct Sink {
    vg_gbench_sample_fn *sample;
    void *user;
};

void give_samples(const std::vector<Run> &runs, const Sink &sink)
{
    for (const Run &run : runs) {
        if (run.run_type != Run::RT_Iteration || has_error(run, 0) || run.iterations < 1)
            continue;
        double n = static_cast<double>(run.iterations);
        sink.sample(sink.user, static_cast<int>(run.family_index),
                    run.real_accumulated_time / n * 1e9, run.cpu_accumulated_time / n * 1e9,
                    run.iterations);
    }
}

// Takes the samples and prints nothing.
class Capture : public Reporter
{
  public:
    explicit Capture(Sink sink) : sink_(sink)
    {
        SetOutputStream(&nowhere_);
        SetErrorStream(&nowhere_);
    }
    bool ReportContext(const Context &) override { return true; }
    void ReportRuns(const std::vector<Run> &runs) override { give_samples(runs, sink_); }

  private:
    Sink sink_;
    std::ostringstream nowhere_;
};

std::unique_ptr<Reporter> make_reporter(const std::string &format, bool color, bool tabular)
{
    using Console = benchmark::ConsoleReporter;
    if (format == "json")
        return std::make_unique<benchmark::JSONReporter>();
    if (format == "csv")
        return std::make_unique<benchmark::CSVReporter>();
    int options = (color ? Console::OO_Color : 0) | (tabular ? Console::OO_Tabular : 0);
    return std::make_unique<Console>(static_cast<Console::OutputOptions>(options));
}

// Numbers that are not finite would make the JSON invalid: such a counter, or a statistic of
// nothing, is left out.
std::vector<Run> finite_only(const std::vector<Run> &runs)
{
    std::vector<Run> kept;
    for (Run run : runs) {
        if (!std::isfinite(run.real_accumulated_time) || !std::isfinite(run.cpu_accumulated_time))
            continue;
        for (auto it = run.counters.begin(); it != run.counters.end();)
            it = std::isfinite(it->second.value) ? std::next(it) : run.counters.erase(it);
        kept.push_back(run);
    }
    return kept;
}

// Forwards to display and file over many calls of the library, as if they were one.
class Forward : public Reporter
{
  public:
    explicit Forward(const vg_gbench_output &output) : width_(output.name_width)
    {
        if (output.display) {
            display_ = make_reporter(output.display, output.color, output.tabular);
            display_->SetOutputStream(&std::cout);
            display_->SetErrorStream(&std::cerr);
            display_aggregates_ = output.display_aggregates_only;
        }
        if (output.file) {
            path_ = output.file;
            file_aggregates_ = output.file_aggregates_only;
            file_ = make_reporter(output.file_format, false, output.tabular);
            file_->SetOutputStream(&text_);
            file_->SetErrorStream(&text_);
        }
        SetOutputStream(&nowhere_);
        SetErrorStream(&std::cerr);
    }

    void take(Sink sink) { sink_ = sink; }

    bool ReportContext(const Context &context) override
    {
        if (begun_)
            return true;
        Context wide(context);
        wide.name_field_width = std::max<size_t>(wide.name_field_width, width_);
        begun_ = true;
        bool fine = !display_ || display_->ReportContext(wide);
        return (!file_ || file_->ReportContext(wide)) && fine;
    }

    void ReportRuns(const std::vector<Run> &all) override
    {
        give_samples(all, sink_);
        std::vector<Run> runs = finite_only(all);
        if (runs.empty())
            return;
        bool aggregates = runs.front().run_type == Run::RT_Aggregate;
        bool alone = runs.size() == 1; // one repetition has no aggregates
        if (display_ && (aggregates || alone || !display_aggregates_))
            display_->ReportRuns(runs);
        if (file_ && (aggregates || alone || !file_aggregates_))
            file_->ReportRuns(runs);
        std::cout.flush();
    }

    vg_status close()
    {
        if (begun_ && display_)
            display_->Finalize();
        if (begun_ && file_)
            file_->Finalize();
        std::cout.flush();
        if (!file_ || !begun_)
            return VG_OK;
        std::string text = text_.str();
        return vg_file_save(path_.c_str(), text.data(), text.size());
    }

  private:
    std::unique_ptr<Reporter> display_, file_;
    std::string path_;
    std::ostringstream text_, nowhere_;
    size_t width_;
    bool begun_ = false, display_aggregates_ = false, file_aggregates_ = false;
    Sink sink_{};
};

std::unique_ptr<Forward> forward;

void body(benchmark::State &state, const vg_gbench_row *row)
{
    if (row->error) {
        state.SkipWithError(row->error);
        return;
    }
    row->begin(row->context);
    for (auto _ : state)
        row->run(row->context);
    using benchmark::Counter;
    if (row->flops > 0)
        state.counters["FLOP/s"] = Counter(row->flops, Counter::kIsIterationInvariantRate);
    if (row->bytes > 0)
        state.counters["bytes_per_second"] =
            Counter(row->bytes, Counter::kIsIterationInvariantRate, Counter::kIs1000);
    if (row->label)
        state.SetLabel(row->label);
}

vg_status add_rows(const vg_gbench_row *rows, int count, bool fixed)
{
    benchmark::ClearRegisteredBenchmarks();
    for (int i = 0; i < count; i++) {
        const vg_gbench_row *row = &rows[i];
        auto *b = benchmark::RegisterBenchmark(
            row->name, [row](benchmark::State &state) { body(state, row); });
        b->UseRealTime()->MeasureProcessCPUTime();
        if (row->iterations > 0)
            b->Iterations(row->iterations);
        if (fixed)
            b->Repetitions(1);
    }
    return VG_OK;
}

} // namespace

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
        Reporter::Context context;
        reporter.ReportContext(context);
        bool debug = out.str().find("\"library_build_type\": \"debug\"") != std::string::npos;
        return debug ? "debug" : "release";
    }();
    return type.c_str();
}

extern "C" vg_status vg_gbench_initialize(int argc, char **argv)
{
    benchmark::Initialize(&argc, argv);
    if (argc > 1)
        return vg_fail(VG_EINVAL, "%s: not a flag of Google Benchmark %s, or a bad value", argv[1],
                       VG_GBENCH_VERSION);
    return VG_OK;
}

extern "C" void vg_gbench_context(const char *key, const char *value)
{
    benchmark::AddCustomContext(key, value);
}

extern "C" vg_status vg_gbench_register(const vg_gbench_row *rows, int count)
{
    return add_rows(rows, count, true);
}

extern "C" vg_status vg_gbench_register_native(const vg_gbench_row *rows, int count)
{
    return add_rows(rows, count, false);
}

extern "C" vg_status vg_gbench_round(vg_gbench_sample_fn *sample, void *user)
{
    Capture capture(Sink{sample, user});
    if (!benchmark::RunSpecifiedBenchmarks(&capture, std::string(".")))
        return vg_fail(VG_EEXTERNAL, "Google Benchmark ran nothing");
    return VG_OK;
}

extern "C" vg_status vg_gbench_open(const vg_gbench_output *output)
{
    forward = std::make_unique<Forward>(*output);
    return VG_OK;
}

extern "C" vg_status vg_gbench_run(vg_gbench_sample_fn *sample, void *user)
{
    forward->take(Sink{sample, user});
    if (!benchmark::RunSpecifiedBenchmarks(forward.get(), std::string(".")))
        return vg_fail(VG_EEXTERNAL, "Google Benchmark ran nothing");
    return VG_OK;
}

extern "C" vg_status vg_gbench_close(void)
{
    vg_status status = forward ? forward->close() : VG_OK;
    forward.reset();
    return status;
}
