// Rectangles with straight edges on their sides.
#pragma once

#include <vector>

#include "views/edges.hpp"
#include "views/reduced.hpp"
#include "views/views.hpp"

namespace takeback {

// A reduced picture and all that is known of it.
struct Surface {
    explicit Surface(const Picture& picture);

    Reduced small;
    Lines rows;
    Lines columns;
};

struct Rectangle {
    Box box;         // of the reduced picture
    float strength;  // how likely a picture fills it; only the order means something
};

// The strongest first, and bounded in number. A side that lies on the picture's own frame needs no edge; the
// whole picture is not among them.
std::vector<Rectangle> rectangles(const Surface& surface);

// The box without the plain lines along its sides (also a gradient's), up to the nearest edge.
Box without_border(const Surface& surface, const Box& box);

}  // namespace takeback
