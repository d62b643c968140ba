"""The Slicer side of the module RenalSegmentation: parameters, logic, widget and process come with its panel."""
