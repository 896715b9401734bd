// All that the pages need of age: sealing. What opens a file is not in a browser that writes.
export { Encrypter } from "age-encryption";
