// Many readers or one writer, and a writer that waits is let in before later readers: the system's own lock
// for readers and writers would let a steady stream of searches hold off a removal for ever.
#pragma once

#include <mutex>
#include <shared_mutex>

namespace takeback {

class FairLock {
public:
    void lock() {
        const std::lock_guard<std::mutex> turn(turn_);
        inner_.lock();
    }
    void unlock() { inner_.unlock(); }
    void lock_shared() {
        const std::lock_guard<std::mutex> turn(turn_);
        inner_.lock_shared();
    }
    void unlock_shared() { inner_.unlock_shared(); }

private:
    std::mutex turn_;
    std::shared_mutex inner_;
};

using Reading = std::shared_lock<FairLock>;
using Writing = std::unique_lock<FairLock>;

}  // namespace takeback
