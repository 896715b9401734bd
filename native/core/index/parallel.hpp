// Work that is cut into pieces and done on several threads, which end before the call does.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace takeback {

// How many threads `asked` means: 0 is one for each processor.
inline unsigned thread_count(unsigned asked) {
    return asked != 0 ? asked : std::max(1U, std::thread::hardware_concurrency());
}

// Calls work(piece) for every piece 0 .. pieces - 1, in no order, on at most `threads` threads, this one among
// them. The first exception is thrown here once all have ended. Where the system grants no thread, fewer work.
template <class Work>
void in_pieces(std::size_t pieces, unsigned threads, Work work) {
    std::atomic<std::size_t> next{0};
    std::exception_ptr problem;
    std::mutex guard;
    const auto take = [&] {
        try {
            for (std::size_t piece = next++; piece < pieces; piece = next++) {
                work(piece);
            }
        } catch (...) {
            const std::lock_guard<std::mutex> held(guard);
            problem = problem ? problem : std::current_exception();
            next = pieces;
        }
    };
    std::vector<std::thread> others;
    try {
        for (std::size_t each = 1; each < std::min<std::size_t>(threads, pieces); ++each) {
            others.emplace_back(take);
        }
    } catch (const std::system_error&) {
    }
    take();
    for (std::thread& other : others) {
        other.join();
    }
    if (problem) {
        std::rethrow_exception(problem);
    }
}

}  // namespace takeback
