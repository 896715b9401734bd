// Memory in one piece: private to this process, or a file that processes share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace takeback {

class Block {
public:
    Block() = default;
    // Private, zeroed, on a page boundary; in huge pages where the kernel grants them. std::bad_alloc.
    static Block of_memory(std::size_t size);
    // A new file of `size` zeroed bytes, readable by its owner alone, mapped and shared. std::system_error.
    static Block of_new_file(const std::string& path, std::size_t size);
    // An existing file, whole, mapped to be read and written by all who map it. std::system_error.
    static Block of_file(const std::string& path);

    Block(Block&& other) noexcept;
    Block& operator=(Block&& other) noexcept;
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    // What was private is zeroed before it is given back.
    ~Block();

    std::uint8_t* data() const { return data_; }
    std::size_t size() const { return size_; }
    bool is_shared() const { return shared_; }

    // Waits until the file's bytes are where files are kept.
    void sync() const;

private:
    Block(std::uint8_t* data, std::size_t size, bool shared) : data_(data), size_(size), shared_(shared) {}

    void give_back();  // what of_memory took

    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
    bool shared_ = false;
};

// Zeroes memory in a way that no compiler leaves out.
void wipe(void* memory, std::size_t size);

}  // namespace takeback
