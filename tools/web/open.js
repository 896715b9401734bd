// All that the desk needs of age: opening, with the key of one person.
export { Decrypter } from "age-encryption";
