// All that the pages need of age: sealing for her, and opening for the desk, with the key of one person.
export { Decrypter, Encrypter } from "age-encryption";
