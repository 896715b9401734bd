#include "index/index.hpp"

#include <nanobind/stl/string.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "binding.hpp"

namespace binding {
namespace {

using takeback::HammingIndex;

constexpr const char* wrong_keys = "keys must be contiguous uint64 [n]";
constexpr const char* wrong_codes = "codes must be contiguous uint8 [n, 32]";

void add(HammingIndex& self, const Array& keys, const Array& codes) {
    const auto* key = packed<std::uint64_t>(keys, 0, wrong_keys);
    const auto* code = packed<std::uint8_t>(codes, takeback::code_bytes, wrong_codes);
    if (keys.shape(0) != codes.shape(0)) {
        throw nb::value_error("keys and codes must be of equal length");
    }
    const nb::gil_scoped_release release;
    self.add(key, code, keys.shape(0));
}

void remove(HammingIndex& self, const Array& keys) {
    const auto* key = packed<std::uint64_t>(keys, 0, wrong_keys);
    const nb::gil_scoped_release release;
    self.remove(key, keys.shape(0));
}

auto contains(const HammingIndex& self, const Array& keys) {
    const auto* key = packed<std::uint64_t>(keys, 0, wrong_keys);
    std::vector<std::uint8_t> found(keys.shape(0));
    {
        const nb::gil_scoped_release release;
        self.contains(key, found.size(), found.data());
    }
    return as_array(std::move(found));
}

nb::tuple search(const HammingIndex& self, const Array& queries, int radius) {
    const auto* query = packed<std::uint8_t>(queries, takeback::code_bytes, "queries must be contiguous uint8 [q, 32]");
    if (radius < 0 || radius > takeback::code_bits) {
        throw nb::value_error("radius must lie between 0 and 256 bits");
    }
    takeback::Neighbors found;
    {
        const nb::gil_scoped_release release;
        found = self.search(query, queries.shape(0), radius);
    }
    return nb::make_tuple(as_array(std::move(found.query)), as_array(std::move(found.key)),
                          as_array(std::move(found.distance)));
}

void save(const HammingIndex& self, const std::string& path, std::uint64_t seq) {
    const nb::gil_scoped_release release;
    self.save(path, seq);
}

HammingIndex* open(const std::string& path, unsigned threads) {
    const nb::gil_scoped_release release;
    return new HammingIndex(path, threads);
}

}  // namespace

void add_index(nb::module_& module) {
    nb::exception<takeback::CorruptSnapshot>(module, "CorruptSnapshot", PyExc_ValueError);
    nb::register_exception_translator([](const std::exception_ptr& problem, void*) {
        try {
            std::rethrow_exception(problem);
        } catch (const std::system_error& error) {
            errno = error.code().value();
            PyErr_SetFromErrno(PyExc_OSError);
        }
    });
    nb::class_<HammingIndex>(module, "HammingIndex")
        .def(nb::init<unsigned>(), nb::arg("threads") = 0)
        .def_static("open", &open, nb::arg("path"), nb::arg("threads") = 0, nb::rv_policy::take_ownership)
        .def("add", &add, nb::arg("keys").noconvert(), nb::arg("codes").noconvert())
        .def("remove", &remove, nb::arg("keys").noconvert())
        .def("contains", &contains, nb::arg("keys").noconvert())
        .def("search", &search, nb::arg("queries").noconvert(), nb::arg("radius"))
        .def("save", &save, nb::arg("path"), nb::arg("seq"))
        .def("settle", &HammingIndex::settle, nb::call_guard<nb::gil_scoped_release>())
        .def_prop_ro("seq", &HammingIndex::seq)
        .def_prop_ro("size", &HammingIndex::size)
        .def_prop_ro("nbytes", &HammingIndex::nbytes);
}

}  // namespace binding
