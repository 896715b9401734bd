#include "block.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

namespace takeback {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr auto heap_alignment = std::align_val_t{4096};
#else
constexpr std::size_t huge_page_bytes = std::size_t{1} << 21;
#endif

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

// Closes a descriptor at the end of a scope; the mapping does not need it.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) {
            close(number_);
        }
    }
    int number() const { return number_; }

private:
    int number_;
};

std::uint8_t* map(int descriptor, std::size_t size, const std::string& path) {
    void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (mapped == MAP_FAILED) {
        fail(path);
    }
    // Codes must not reach a core dump.
    madvise(mapped, size, MADV_DONTDUMP);
    return static_cast<std::uint8_t*>(mapped);
}

}  // namespace

void wipe(void* memory, std::size_t size) {
    if (size > 0) {
        explicit_bzero(memory, size);
    }
}

#if defined(__SANITIZE_ADDRESS__)

// From the sanitizer's own heap, whose borders it watches: it sees nothing of mapped memory.
Block Block::of_memory(std::size_t size) {
    auto* memory = static_cast<std::uint8_t*>(::operator new(size, heap_alignment));
    std::memset(memory, 0, size);
    return {memory, size, false};
}

void Block::give_back() { ::operator delete(data_, heap_alignment); }

#else

Block Block::of_memory(std::size_t size) {
    void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        throw std::bad_alloc();
    }
    if (size >= huge_page_bytes) {
        madvise(mapped, size, MADV_HUGEPAGE);
    }
    madvise(mapped, size, MADV_DONTDUMP);
    return {static_cast<std::uint8_t*>(mapped), size, false};
}

void Block::give_back() { munmap(data_, size_); }

#endif

Block Block::of_new_file(const std::string& path, std::size_t size) {
    const Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (file.number() < 0) {
        fail(path);
    }
    // Room is taken now: a full disk is an error here, and not a bus error later.
    if (const int problem = posix_fallocate(file.number(), 0, static_cast<off_t>(size)); problem != 0) {
        errno = problem;
        const int number = errno;
        unlink(path.c_str());
        errno = number;
        fail(path);
    }
    return {map(file.number(), size, path), size, true};
}

Block Block::of_file(const std::string& path) {
    const Descriptor file(open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct stat about {};
    if (file.number() < 0 || fstat(file.number(), &about) != 0) {
        fail(path);
    }
    if (about.st_size == 0) {
        return {};
    }
    const auto size = static_cast<std::size_t>(about.st_size);
    return {map(file.number(), size, path), size, true};
}

Block::Block(Block&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      shared_(std::exchange(other.shared_, false)) {}

Block& Block::operator=(Block&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(shared_, other.shared_);
    return *this;
}

Block::~Block() {
    if (data_ == nullptr) {
        return;
    }
    if (shared_) {
        munmap(data_, size_);
    } else {
        wipe(data_, size_);
        give_back();
    }
}

void Block::sync() const {
    if (shared_ && msync(data_, size_, MS_SYNC) != 0) {
        fail("msync");
    }
}

}  // namespace takeback
